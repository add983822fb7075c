process.exit(5);
export function run() {}
