export function assetsSource(): Promise<string>;
