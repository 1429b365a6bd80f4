package dev.tarn.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.tarn.config.RunSchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints a run file with all defaults, or what run files look like. */
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    customSynopsis = {
      "tarn config RUNFILE [KEY=VALUE...] [--classpath PATH]",
      "       tarn config --schema"
    },
    description = "Check a run file and print it with every default filled in.",
    footer = {
      "",
      "The file alone is read, not the data. The JSON schema (draft 2020-12) lets",
      "editors complete and check run files; those with a YAML language server are",
      "told by a first line: # yaml-language-server: $schema=tarn.schema.json",
      "",
      "Examples:",
      "  tarn config examples/digits.yaml train.batch=64",
      "  tarn config --schema > tarn.schema.json"
    })
final class ConfigCommand implements Callable<Integer> {
  @Mixin private RunFile runFile = new RunFile();

  @Option(names = "--schema", description = "Print the JSON schema of run files.")
  private boolean schema;

  private final Output output;

  ConfigCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (schema) {
      Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
      output.out().println(gson.toJson(RunSchema.schema()));
    } else {
      output.out().print(runFile.read().toYaml());
    }
    output.out().flush();
    return 0;
  }
}
