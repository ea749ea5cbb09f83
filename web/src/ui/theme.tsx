import { useEffect, useState } from "react";

type Theme = "system" | "light" | "dark";
const KEY = "millwright.theme";
const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const SHOWN: Readonly<Record<Theme, string>> = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
};

const kept = (): Theme => {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
};

export function ThemeButton() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    const root = document.documentElement;
    if (theme === "system") {
      delete root.dataset.theme;
      localStorage.removeItem(KEY);
    } else {
      root.dataset.theme = theme;
      localStorage.setItem(KEY, theme);
    }
  }, [theme]);
  return (
    <button type="button" className="quiet" onClick={() => setTheme(NEXT[theme])}>
      <span className="muted">Colours:</span> {SHOWN[theme]}
    </button>
  );
}
