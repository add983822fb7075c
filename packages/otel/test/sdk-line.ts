/** The line of the OpenTelemetry SDK that this Node is tested with: the third needs Node 22.15. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
export const line: 2 | 3 = major > 22 || (major === 22 && minor >= 15) ? 3 : 2;
