import "./no-such-dependency.js";
export function run() {}
