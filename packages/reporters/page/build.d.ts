export function assetSources(): Promise<Readonly<Record<string, string>>>;
