import { processors } from "../processors/index.ts";
import { work } from "./worker.ts";

work(processors);
