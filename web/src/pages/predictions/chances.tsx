import { chance } from "../../ui/format.ts";

const SHOWN = 10;

/** Probabilities of the classes as bars, the most probable first. */
export function Chances({
  of,
  set,
}: {
  of: readonly (readonly [string, number])[];
  /** Classes that may be true at the promised coverage. */
  set?: readonly string[] | undefined;
}) {
  return (
    <ul className="chances">
      {of.slice(0, SHOWN).map(([name, share]) => (
        <li key={name}>
          <span className="name">
            {name}
            {set?.includes(name) && <small> may be true</small>}
          </span>
          <span className="meter" aria-hidden="true">
            <i style={{ width: `${100 * share}%` }} />
          </span>
          <span className="number">{chance(share)}</span>
        </li>
      ))}
      {of.length > SHOWN && <li className="muted">{of.length - SHOWN} more classes</li>}
    </ul>
  );
}
