package dev.tarn.data;

import dev.tarn.data.NamedDataset.DataPart;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** The data sets known by name. */
final class DatasetCatalogue {
  private static final long IMAGE = 28 * 28;

  static final List<NamedDataset> ALL =
      List.of(
          own(
              "digits",
              "1,797 handwritten digits of 8 x 8 pixels from 0 to 16, as vectors [64]; 10 classes",
              "E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits, test part"),
          own(
              "iris",
              "150 flowers by four lengths in centimetres; 3 species",
              "R. A. Fisher, Annals of Eugenics 7 (1936) 179"),
          new NamedDataset(
              "mnist",
              "70,000 handwritten digits [1, 28, 28] from 0 to 255, 10,000 of them for testing;"
                  + " 10 classes",
              "Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits",
              idx(
                  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
              null,
              mirrors(
                  "https://ossci-datasets.s3.amazonaws.com/mnist/",
                  "https://storage.googleapis.com/cvdf-datasets/mnist/"),
              ""),
          new NamedDataset(
              "fashion-mnist",
              "70,000 articles of clothing [1, 28, 28] from 0 to 255, 10,000 of them for testing;"
                  + " 10 classes",
              "H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747",
              idx(
                  "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
              null,
              mirrors(
                  "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                  "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
              "on Debian and Ubuntu also: apt-get install dataset-fashion-mnist"),
          new NamedDataset(
              "cifar10",
              "60,000 photographs [3, 32, 32] from 0 to 255, 10,000 of them for testing; 10 classes",
              "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
              cifar(
                  "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
                  "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
                  "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
                  "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
                  "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
                  "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
              "cifar-10-binary.tar.gz",
              mirrors(
                  "https://www.cs.toronto.edu/~kriz/",
                  "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"),
              ""));

  private DatasetCatalogue() {}

  private static NamedDataset own(String name, String about, String origin) {
    return new NamedDataset(name, about, origin, List.of(), null, List.of(), "");
  }

  private static List<URI> mirrors(String... places) {
    return Stream.of(places).map(URI::create).toList();
  }

  /** Checksums of images and labels for training, and of images and labels for testing. */
  private static List<DataPart> idx(String... sums) {
    return List.of(
        new DataPart("train-images-idx3-ubyte", 16 + 60_000 * IMAGE, sums[0]),
        new DataPart("train-labels-idx1-ubyte", 8 + 60_000, sums[1]),
        new DataPart("t10k-images-idx3-ubyte", 16 + 10_000 * IMAGE, sums[2]),
        new DataPart("t10k-labels-idx1-ubyte", 8 + 10_000, sums[3]));
  }

  private static List<DataPart> cifar(String... sums) {
    return Stream.iterate(0, i -> i < sums.length, i -> i + 1)
        .map(i -> new DataPart(Cifar.FILES[i], Cifar.BYTES, sums[i]))
        .toList();
  }
}
