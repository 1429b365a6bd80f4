package dev.tarn.cli;

import dev.tarn.config.RunConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A run file, and values in place of its own, as several commands take them. */
final class RunFile {
  @Parameters(
      paramLabel = "RUNFILE [KEY=VALUE...]",
      hideParamSyntax = true,
      arity = "0..*",
      description = {
        "The run file (YAML), and values in place of its own, such as train.epochs=5."
      })
  private List<String> arguments = new ArrayList<>();

  @Mixin private ClassPath classPath = new ClassPath();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  /** What is not {@code KEY=VALUE}. */
  List<Path> files() {
    return arguments.stream().filter(text -> !isOverride(text)).map(Path::of).toList();
  }

  /** Every {@code KEY=VALUE}. */
  List<String> overrides() {
    return arguments.stream().filter(RunFile::isOverride).toList();
  }

  private static boolean isOverride(String argument) {
    return argument.contains("=") && !Files.exists(Path.of(argument));
  }

  /** Makes the classes of models known. */
  void useClasses() {
    classPath.use();
  }

  /** The only file. */
  Path file() {
    List<Path> files = files();
    if (files.size() != 1) {
      throw new ParameterException(
          spec.commandLine(),
          files.isEmpty()
              ? "which run file? For example: tarn " + spec.name() + " examples/digits.yaml"
              : "one run file is expected, found " + files);
    }
    return files.get(0);
  }

  /** The run file with the values in place of its own. */
  RunConfig read() {
    Path file = file();
    useClasses();
    return RunConfig.read(file, overrides());
  }
}
