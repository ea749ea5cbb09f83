import { useSyncExternalStore } from "react";

const dark = matchMedia("(prefers-color-scheme: dark)");

function watch(changed: () => void): () => void {
  const chosen = new MutationObserver(changed);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  dark.addEventListener("change", changed);
  return () => {
    chosen.disconnect();
    dark.removeEventListener("change", changed);
  };
}

/** The colours that hold now, the system's or those a person chose: for what is drawn and not styled. */
export const useScheme = (): string =>
  useSyncExternalStore(
    watch,
    () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light"),
  );
