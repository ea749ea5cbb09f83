/** Colours and dashes that are told apart; more lines repeat them. */
export const STYLES = 6;

/** A piece of the line that stands for something, inside an element of class `hue-<n>`. */
export const LineKey = () => (
  <svg className="line-key" width="22" height="8" viewBox="0 0 22 8" aria-hidden="true">
    <path className="line" d="M0 4H22" />
  </svg>
);
