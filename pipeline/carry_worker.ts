import { workerData } from "node:worker_threads";
import { processors } from "../processors/index.ts";
import { tellProblem, work, type WorkerData } from "./worker.ts";

const { priceOverrides } = workerData as WorkerData;

work(processors({ priceOverrides, onProblem: tellProblem }));
