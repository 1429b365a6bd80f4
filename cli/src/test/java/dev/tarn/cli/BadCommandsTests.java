package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad input of the commands that help: exit code, one or two lines, nothing on standard output. */
final class BadCommandsTests {
  @TempDir private Path directory;

  @BeforeEach
  void files() throws IOException {
    Tarn.runFile(directory, 2, "reference");
    write("one.csv", "a\n1\n2\n");
    write("ragged.csv", "a,b\n1,2\n3\n");
    write("nolabel.csv", "a,class\n1,x\n2,\n");
    write("data.csv", "a,b,class\n" + "1,2,x\n3,4,y\n".repeat(20));
    write("data.yaml", "");
    write("empty.csv", "");
    write("bad.jsonl", "[5.1, 3.5, 1.4, 0.2]\n{\"a\": 1}\n");
    write("text.jsonl", "hello\n");
    write("other.csv", "1,2,3,4,tulip\n");
    write("seven.csv", "1,2,3,4,7\n");
    Files.createDirectory(directory.resolve("void"));
    String base = "data: {set: iris}\ntrain: {optimizer: adam, epochs: 1, batch: 8}\nmodel: ";
    write("noclass.yaml", base + "{class: com.acme.Net}\n");
    write("args.yaml", base + "{class: 'dev.tarn.cli.Nets$Net', args: {wide: 3}}\n");
    write(
        "type.yaml",
        base + "{class: 'dev.tarn.cli.Nets$Net', args: {width: x, scale: 1, classes: 3}}\n");
    write(
        "outputs.yaml",
        base + "{class: 'dev.tarn.cli.Nets$Net', args: {width: 3, scale: 1, classes: 4}}\n");
    write("string.yaml", base + "{class: java.lang.String}\n");
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private Tarn.Result run(String line) {
    String[] args = line.split(" ");
    for (int i = 0; i < args.length; i++) {
      args[i] = args[i].replace("@", directory + "/");
    }
    return Tarn.run(args);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2 | init | tarn: Missing required parameter: 'DATA'
          2 | init @data.csv --label a --target b | tarn: give either --label or --target, not both
          1 | init nothing | tarn: nothing: no such file, and no data set of that name; 'tarn datasets' lists these
          1 | init @one.csv -o @o.yaml | tarn: one.csv: one column; a table needs features and a class or a number to predict
          1 | init @empty.csv -o @o.yaml | tarn: empty.csv: no rows of data
          1 | init @ragged.csv -o @o.yaml | tarn: ragged.csv:3: 1 fields where the first line has 2
          1 | init @nolabel.csv -o @o.yaml | tarn: nolabel.csv: column 'class' to predict is missing in 1 rows, written [\"\"]; remove these, or name another column with --label or --target
          1 | init @data.csv -o @data.yaml | tarn: data.yaml: is there already; --force replaces it, -o names another
          1 | init @data.csv --label z -o @o.yaml | tarn: data.csv: there is no column 'z'; there are [a, b, class]
          1 | init @data.csv -o @nope/o.yaml | tarn: nope/o.yaml: cannot be written: no such directory
          1 | init @data.csv --target class -o @o.yaml | tarn: data.csv: column 'class' has texts, not numbers to predict; use --label
          1 | init @void -o @o.yaml | tarn: void: no PNG or JPEG images in directories below it; expected one directory for each class
          2 | init @data.csv -o @o.yaml --name a/b | tarn: --name: letters, digits, '.', '_' and '-', found 'a/b'
          2 | summary | tarn: which run file? For example: tarn summary examples/digits.yaml
          2 | summary @small.yaml --batch 0 | tarn: --batch: at least 1, found 0
          2 | summary @small.yaml --graph g.gif | tarn: --graph: the name must end with .svg, .png or .dot, found g.gif
          2 | summary @small.yaml --level all | tarn: Invalid value for option '--level': expected one of [layers, nodes] (case-sensitive) but was 'all'
          2 | summary @none.yaml | tarn: none.yaml: no such file
          1 | summary @void | tarn: void: no checkpoint in it (best or last.safetensors)
          2 | config | tarn: which run file? For example: tarn config examples/digits.yaml
          2 | config @small.yaml train.epoch=3 | tarn: override 'train.epoch=3': unknown key 'epoch'; did you mean 'epochs'?
          2 | gradcheck @small.yaml --elements 0 | tarn: --batch, --elements and --tolerance must be above 0
          2 | lr-find @small.yaml --steps 3 | tarn: --from must be above 0 and below --to, --steps at least 10
          2 | lr-find @small.yaml -o lr.gif | tarn: --output: the name must end with .svg or .png, found lr.gif
          2 | datasets mnits | tarn: no data set 'mnits'; there are [digits, iris, mnist, fashion-mnist, cifar10]
          2 | completion fish | tarn: unexpected 'fish'
          1 | config @small.yaml --classpath @none.jar | tarn: --classpath: none.jar: no such file or directory
          2 | summary @noclass.yaml | tarn: noclass.yaml:3:8: model.class 'com.acme.Net': no such class; give its jar or the directory of its package with --classpath
          2 | summary @string.yaml | tarn: string.yaml:3:8: model.class 'java.lang.String': it does not extend dev.tarn.nn.Module
          2 | summary @args.yaml | tarn: args.yaml:3:8: model.class 'dev.tarn.cli.Nets$Net': no constructor takes args [wide]; there is Net(int width, double scale, int classes)
          2 | summary @type.yaml | tarn: type.yaml:3:8: model.class 'dev.tarn.cli.Nets$Net': args.width: expected int, found 'x'
          2 | summary @outputs.yaml | tarn: outputs.yaml:3:8: dev.tarn.cli.Nets$Net gives [4] for an example, but iris needs [3]
          """)
  void badInput(int code, String line, String message) {
    Tarn.Result result = run(line);
    assertEquals(message, result.err().replace(directory + "/", "").lines().findFirst().orElse(""));
    assertEquals(code, result.code());
    assertTrue(result.errors().size() <= 2, result.err());
    assertEquals("", result.out());
  }

  @Test
  void badDataForASavedModel() throws IOException {
    String table = "1,2,3,4,a\n5,6,7,8,b\n".repeat(20);
    write("table.csv", table);
    write(
        "table.yaml",
        "data: {csv: table.csv}\nmodel: [dense: 2]\n"
            + "train: {optimizer: adam, epochs: 1, batch: 8}\ndevice: reference\n");
    Tarn.Result trained = run("train @table.yaml --runs @r --no-report");
    assertEquals(0, trained.code(), trained.err());
    badInput(
        1,
        "predict @r/table-1 @bad.jsonl",
        "tarn: bad.jsonl:2: objects and arrays in one file; use one of them");
    badInput(
        1,
        "predict @r/table-1 @text.jsonl",
        "tarn: text.jsonl:1: expected an object or an array, found \"hello\"");
    badInput(
        1,
        "predict @r/table-1 @x.png",
        "tarn: x.png: images, but the model takes [4]; give it a table (.csv)");
    badInput(
        1,
        "eval @r/table-1 --data @other.csv",
        "tarn: other.csv: class 'tulip' is none of the training's: [a, b]");
    badInput(
        1,
        "eval @r/table-1 --data @seven.csv",
        "tarn: seven.csv: class '7' is none of the training's: [a, b]");
    badInput(
        2,
        "eval @r/table-1 --data @other.csv --set train",
        "tarn: give either --set or --data, not both");
  }
}
