import { invalidParameter } from "../mlflow/errors.ts";
import { storable, storableJson } from "../mlflow/storable.ts";
import type { Assessment, Statement } from "./assessment.ts";
import { type AssessmentFields, checkedName, statementOf } from "./read-assessment.ts";

const CHANGEABLE = [
  "assessment_name",
  "expectation",
  "feedback",
  "rationale",
  "metadata",
  "valid",
] as const;
type Changeable = (typeof CHANGEABLE)[number];

/** protobuf's FieldMask in JSON: names in camel case, with commas. */
export function maskedFields(mask: string): ReadonlySet<Changeable> {
  const names = mask
    .split(",")
    .map((name) => name.trim().replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  for (const name of names)
    if (!(CHANGEABLE as readonly string[]).includes(name))
      throw invalidParameter(
        `update_mask: '${name.slice(0, 100)}' cannot be changed; these can: ${CHANGEABLE.join(", ")}.`,
      );
  return new Set(names as Changeable[]);
}

/** The fields named take the new values; metadata is merged. What kind of assessment it is cannot change. */
export function changedAssessment(
  found: Assessment,
  given: AssessmentFields,
  { fields, now }: { readonly fields: ReadonlySet<Changeable>; readonly now: number },
): Assessment {
  const { assessment_name: name, rationale, metadata = {}, valid } = given;
  return {
    ...found,
    updatedAt: now,
    ...(fields.has("assessment_name") && name ? { name: checkedName(name) } : {}),
    ...(fields.has("rationale") ? { rationale: rationale && storable(rationale) } : {}),
    ...(fields.has("valid") && valid !== undefined ? { valid } : {}),
    ...(fields.has("metadata")
      ? { metadata: { ...found.metadata, ...(storableJson(metadata) as typeof metadata) } }
      : {}),
    says: statementAfter(found.says, given, fields),
  };
}

function statementAfter(
  found: Statement,
  given: AssessmentFields,
  fields: ReadonlySet<Changeable>,
): Statement {
  const kinds = (["feedback", "expectation"] as const).filter((kind) => fields.has(kind));
  if (kinds.length === 0) return found;
  if (kinds.length > 1)
    throw invalidParameter("Cannot specify both `expectation` and `feedback` parameters.");
  const [kind] = kinds;
  if (kind !== found.kind)
    throw invalidParameter(
      `Cannot update ${kind} value on an assessment that is ${found.kind === "feedback" ? "feedback" : `an ${found.kind}`}.`,
    );
  const says = statementOf({
    ...given,
    feedback: undefined,
    expectation: undefined,
    [kind]: given[kind],
  });
  if (says === undefined) throw invalidParameter(`assessment.${kind} is missing.`);
  return says;
}
