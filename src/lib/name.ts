const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** Whether models and datasets of a project may be called so: it can stand in a project's file, an address and a file's name. */
export const isName = (text: string): boolean => NAME.test(text);

/** The rule, after a verb: "use …". */
export const NAME_RULE = "letters, digits, _ . - (at most 100), starting with a letter or digit";
