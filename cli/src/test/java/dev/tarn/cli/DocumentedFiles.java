package dev.tarn.cli;

import java.awt.image.BufferedImage;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;

/**
 * A folder in which documented command lines can run: the files that the documentation speaks of.
 */
final class DocumentedFiles {
  private static final Set<String> NOT_LINKED = Set.of("runs", "target", "build", "classes");

  private DocumentedFiles() {}

  /** Makes them, with the files that a page shows, beside links to everything in the checkout. */
  static void make(Path directory, String page) throws IOException {
    try (Stream<Path> files = Files.list(Pages.ROOT)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (!name.startsWith(".") && !NOT_LINKED.contains(name)) {
          Files.createSymbolicLink(directory.resolve(name), file);
        }
      }
    }
    Files.createSymbolicLink(directory.resolve("lib"), Pages.ROOT.resolve("cli/target/tarn/lib"));
    tables(directory);
    photos(directory.resolve("photos/dark"), 0);
    photos(directory.resolve("photos/light"), 150);
    photos(directory.resolve("new-photos"), 150);
    images(Files.createDirectories(directory.resolve("data/mnist")));
    images(Files.createDirectories(directory.resolve("data/fashion-mnist")));
    model(directory);
    if (page.endsWith(".md")) {
      for (Pages.Code code : Pages.code(page)) {
        if (!code.file().isEmpty()) {
          Files.writeString(directory.resolve(code.file()), code.text());
        }
      }
    }
  }

  private static void tables(Path directory) throws IOException {
    Random random = new Random(1);
    String[] species = {"cat", "dog", "very big dog"};
    String data =
        IntStream.range(0, 300)
            .mapToObj(
                i ->
                    String.format(
                        Locale.ROOT,
                        "%d,%s,%.1f,%s,note %d,%s\n",
                        1000 + i,
                        i % 7 == 0 ? "" : String.valueOf(20 + 40 * (i % 3) + random.nextInt(9)),
                        5 * (i % 3) + random.nextGaussian(),
                        i % 7 == 1 ? "" : i % 3 == 0 ? "ginger" : "black",
                        i,
                        species[i % 3]))
            .collect(Collectors.joining("", "id,height,weight,colour,note,species\n", ""));
    Files.writeString(directory.resolve("data.csv"), data);
    Files.writeString(directory.resolve("new.csv"), "height,weight,colour\n21,0.3,ginger\n,9,\n");
    String flowers = Files.readString(Pages.ROOT.resolve("examples/spring-boot/flowers.csv"));
    Files.writeString(directory.resolve("flowers.csv"), flowers);
    Files.writeString(directory.resolve("more-flowers.csv"), flowers);
    Files.writeString(directory.resolve("new-flowers.csv"), "5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n");
    Files.writeString(
        directory.resolve("new-flowers.jsonl"), "[5.1, 3.5, 1.4, 0.2]\n[6.3, 3.3, 6.0, 2.5]\n");
    Files.writeString(
        directory.resolve("rows.csv"),
        IntStream.range(0, 64)
                .mapToObj(i -> String.valueOf(i % 17))
                .collect(Collectors.joining(","))
            + "\n");
    Files.writeString(
        directory.resolve("houses.csv"),
        IntStream.range(0, 200)
            .mapToObj(i -> (50 + i) + "," + (1 + i % 5) + "," + 1000 * (100 + i))
            .collect(Collectors.joining("\n", "area,rooms,price\n", "\n")));
  }

  /** Pictures of grey noise, as dark as is said at least. */
  private static void photos(Path folder, int least) throws IOException {
    Random random = new Random(least);
    Files.createDirectories(folder);
    for (int i = 0; i < 20; i++) {
      BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 256; p++) {
        image.setRGB(p % 16, p / 16, (least + random.nextInt(90)) * 0x10101);
      }
      ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
    }
  }

  /** Files as those of MNIST, of a few images. */
  private static void images(Path directory) throws IOException {
    for (String part : new String[] {"train", "t10k"}) {
      int n = part.equals("train") ? 200 : 50;
      try (DataOutputStream images =
              new DataOutputStream(
                  Files.newOutputStream(directory.resolve(part + "-images-idx3-ubyte")));
          DataOutputStream labels =
              new DataOutputStream(
                  Files.newOutputStream(directory.resolve(part + "-labels-idx1-ubyte")))) {
        for (int header : new int[] {0x803, n, 28, 28}) {
          images.writeInt(header);
        }
        labels.writeInt(0x801);
        labels.writeInt(n);
        Random random = new Random(n);
        for (int i = 0; i < n; i++) {
          labels.writeByte(i % 10);
          for (int p = 0; p < 784; p++) {
            images.writeByte(p / 78 == i % 10 ? 255 : random.nextInt(60));
          }
        }
      }
    }
  }

  /** A model in Java, its source and its class. */
  private static void model(Path directory) throws IOException {
    Path source = directory.resolve("Net.java");
    Files.writeString(
        source,
        """
        package com.acme;

        import dev.tarn.Mode;
        import dev.tarn.Tensor;
        import dev.tarn.nn.Dense;
        import dev.tarn.nn.Module;

        public final class Net extends Module {
          private final Dense hidden;
          private final Dense out = child("out", Dense.units(3));

          public Net(int width) {
            hidden = child("hidden", Dense.units(width));
          }

          @Override
          public Tensor forward(Tensor x, Mode mode) {
            return out.forward(hidden.forward(x, mode).relu(), mode);
          }
        }
        """);
    Files.writeString(
        directory.resolve("my.yaml"),
        """
        data: {set: digits}
        model: [dense: 10]
        train: {optimizer: adam, epochs: 1, batch: 32}
        """);
    Files.writeString(
        directory.resolve("net.yaml"),
        """
        data: {set: iris}
        model:
          class: com.acme.Net
          args: {width: 64}
        train: {optimizer: adam, epochs: 5, batch: 16}
        """);
    Path classes = Files.createDirectories(directory.resolve("build/classes"));
    int failures =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-parameters", "-d", classes.toString(), source.toString());
    if (failures != 0) {
      throw new AssertionError("Net.java does not compile");
    }
  }
}
