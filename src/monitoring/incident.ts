/** placeholder until the statistics branch lands */
export interface Incident { readonly id: string; readonly model: string; readonly state: "open" | "closed"; readonly openedAt: number; readonly closedAt: number | undefined }
