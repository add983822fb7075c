import { describeKills } from "../killing.ts";

describeKills(10);
