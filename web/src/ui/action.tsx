import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { Command } from "./command.tsx";

/** A button that says what will happen, which command does the same, and asks before it acts. Errors stay in the dialog. */
export function Action({
  label,
  title,
  children,
  command,
  tone = "plain",
  disabled = false,
  askReason = false,
  act,
}: {
  label: string;
  title: string;
  children: ReactNode;
  command: string;
  tone?: "plain" | "primary" | "danger";
  disabled?: boolean;
  /** Offers a field for the reason that is kept with the act. */
  askReason?: boolean;
  act: (reason: string | undefined) => Promise<void>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [reason, setReason] = useState("");
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await act(reason.trim() === "" ? undefined : reason.trim());
      dialog.current?.close();
      setReason("");
    } catch (thrown) {
      setError((thrown as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const open = () => {
    setError(undefined);
    dialog.current?.showModal();
  };

  return (
    <>
      <button
        type="button"
        className={`button ${tone}`}
        disabled={disabled}
        onClick={open}
        title={command}
      >
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby={`${id}-title`}>
        <form onSubmit={(event) => void submit(event)}>
          <h2 id={`${id}-title`}>{title}</h2>
          <div className="explain">{children}</div>
          {askReason && (
            <label className="field">
              <span>Reason, kept with the change (optional)</span>
              <input
                value={reason}
                maxLength={500}
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
          )}
          <p className="same">
            <span>The same from a terminal</span>
            <Command text={command} />
          </p>
          {error !== undefined && (
            <p className="failure" role="alert">
              {error}
            </p>
          )}
          <div className="buttons">
            <button type="button" className="button" onClick={() => dialog.current?.close()}>
              Keep as it is
            </button>
            <button
              type="submit"
              className={`button ${tone === "danger" ? "danger" : "primary"}`}
              disabled={busy}
            >
              {busy ? "Working…" : label}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
