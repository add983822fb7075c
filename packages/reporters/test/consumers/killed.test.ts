import { describeKills } from "../killing.ts";

describeKills(100);
