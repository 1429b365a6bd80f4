package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChoicesTests {
  @TempDir private Path directory = Path.of("unset");

  private Choices open(String device) {
    return Choices.of(directory, device);
  }

  @Test
  void otherProcessesFindWhatWasPut() {
    assertEquals(OptionalInt.empty(), open("a").get("key"));
    open("a").put("key", 3);
    assertEquals(OptionalInt.of(3), open("a").get("key"));
    assertEquals(OptionalInt.empty(), open("a").get("other"));
    assertEquals(OptionalInt.empty(), open("b").get("key"));
  }

  @Test
  void twoProcessesDoNotForgetEachOther() {
    Choices one = open("a");
    Choices other = open("a");
    one.get("key");
    other.get("key");
    one.put("first", 1);
    other.put("second", 2);
    assertEquals(OptionalInt.of(1), open("a").get("first"));
    assertEquals(OptionalInt.of(2), open("a").get("second"));
  }

  @Test
  void damageIsSkipped() throws IOException {
    open("a").put("key", 3);
    try (Stream<Path> files = Files.list(directory)) {
      Path file = files.findFirst().orElseThrow();
      Files.writeString(file, "nonsense\n0123 4\n\0\1", StandardOpenOption.APPEND);
    }
    assertEquals(OptionalInt.of(3), open("a").get("key"));
    open("a").put("more", 1);
    assertEquals(OptionalInt.of(1), open("a").get("more"));
  }

  @Test
  void withoutADirectoryNothingIsKeptButInMemory() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    Choices choices = Choices.of(file.resolve("choices"), "a");
    choices.put("key", 1);
    assertEquals(OptionalInt.of(1), choices.get("key"));
  }
}
