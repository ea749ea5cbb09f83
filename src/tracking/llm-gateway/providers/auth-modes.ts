/** How a provider of language models wants to be called: what is secret of it, and what is not. */
export interface AuthMode {
  readonly mode: string;
  readonly display_name: string;
  readonly description: string;
  readonly secret_fields: readonly AuthField[];
  readonly config_fields: readonly AuthField[];
}

export interface AuthField {
  readonly name: string;
  readonly type: "string";
  readonly description: string;
  readonly required: boolean;
}

const field = (name: string, description: string, required: boolean): AuthField => ({
  ...{ name, type: "string", description, required },
});

const REGION = field("aws_region_name", "Region of AWS, such as us-east-1", false);

const BEDROCK: readonly AuthMode[] = [
  {
    ...{ mode: "api_key", display_name: "API key", description: "A bearer token of Bedrock" },
    secret_fields: [field("api_key", "Bedrock's API key", true)],
    config_fields: [{ ...REGION, required: true }],
  },
  {
    ...{ mode: "access_keys", display_name: "Access keys", description: "A pair of keys of AWS" },
    secret_fields: [
      field("aws_access_key_id", "Id of the access key", true),
      field("aws_secret_access_key", "The secret access key", true),
    ],
    config_fields: [REGION],
  },
  {
    ...{ mode: "iam_role", display_name: "Role", description: "A role that the caller may take" },
    secret_fields: [],
    config_fields: [field("aws_role_name", "ARN of the role", true), REGION],
  },
];

/** The first is the usual one. Providers that are not known are taken to want a key. */
export function authModesOf(provider: string): readonly AuthMode[] {
  if (provider === "bedrock" || provider === "bedrock_converse") return BEDROCK;
  return [
    {
      ...{ mode: "api_key", display_name: "API key" },
      description: `A key of ${provider}`,
      secret_fields: [field("api_key", `API key of ${provider}`, true)],
      config_fields: [field("api_base", "Base URL, where it is not the provider's own", false)],
    },
  ];
}
