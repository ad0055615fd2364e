import type { Command } from "commander";
import { addKey, loadKeys } from "../journal/seal.ts";
import { dataDirOf } from "./ask.ts";
import { intakeKeyFile } from "./data_folder.ts";
import { StartError } from "./start_error.ts";

/** Adds the commands that care for the keys the intake journal is sealed with. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("the keys that the intake journal is sealed with");
  const command = (name: string, description: string): Command =>
    keys.command(name).description(description).option("--data <folder>", "data folder (default: data_dir of the configuration)");

  command("list", "their ids, the newest first").action((options: { readonly data?: string }) => {
    const [newest, ...older] = tried(() => loadKeys(fileOf(options)));
    process.stdout.write(`${[`${newest.id}  seals new segments`, ...older.map(({ id }) => `${id}  opens old ones`)].join("\n")}\n`);
  });

  command("rotate", "adds a new key; a running server takes it with its next segments, a minute later at most").action(
    (options: { readonly data?: string }) => {
      const file = fileOf(options);
      const { id } = tried(() => addKey(file));
      process.stdout.write(
        `${id} is the new key of ${file}\nThe older ones stay in the file: delete their lines once nothing is sealed with them, ` +
          "neither in journal/intake nor in dead-letters.\n",
      );
    },
  );
}

function fileOf(options: { readonly data?: string }): string {
  return intakeKeyFile(dataDirOf(options), process.env);
}

function tried<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new StartError(2, `cannot use the key file: ${(error as Error).message}; --data names the folder of the server whose key it is`);
  }
}
