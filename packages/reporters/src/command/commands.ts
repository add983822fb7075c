/** Every command, in the order of `--help`. */
import type { Command } from "./arguments.ts";
import { compareCommand } from "./compare.ts";
import { convertCommand } from "./convert.ts";
import { openCommand } from "./open.ts";
import { resumeInfoCommand } from "./resume-info.ts";
import { showCommand } from "./show.ts";
import { stripCommand } from "./strip.ts";
import { whatifCommand } from "./whatif.ts";

export const commands: readonly Command[] = [
  openCommand,
  showCommand,
  convertCommand,
  compareCommand,
  whatifCommand,
  resumeInfoCommand,
  stripCommand,
];
