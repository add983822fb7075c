for (;;);
export function run() {}
