/** The text of a file of rules, as jsonnet makes it from this source. */
export declare function made(name: string, field: string): string;
