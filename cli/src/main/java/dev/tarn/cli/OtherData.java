package dev.tarn.cli;

import dev.tarn.DType;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import dev.tarn.config.SourceConfig;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.CsvTable;
import dev.tarn.data.DataSource;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.WholeNumbers;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Data of the kind that a model was trained on, from another place. */
final class OtherData {
  private OtherData() {}

  /**
   * The examples as the model takes them, their classes numbered as in training.
   *
   * @param model what the model takes for an example
   * @param labels the file of the classes, if the features are an IDX file; else null
   * @throws TarnException if they are not there, are of another kind, or have a class that training
   *     did not have
   */
  static Dataset read(
      RunConfig config,
      Preprocessing preprocessing,
      List<Spec> model,
      Path place,
      @Nullable Path labels) {
    DataSource source = source(config.data().source(), place, labels).open();
    List<String> trained = preprocessing.labels();
    Dataset raw = source.data();
    if (config.classifies() && !(trained.isEmpty() && source.labels().isEmpty())) {
      raw = renumbered(place, raw, source.labels(), trained);
    }
    CsvTable table = source.table();
    return as(model, preprocessing.apply(raw, table == null ? List.of() : table.columns()));
  }

  /** Prepared examples, as whole numbers where the model begins with an embedding. */
  static Dataset as(List<Spec> model, Dataset prepared) {
    boolean whole = model.size() == 1 && model.get(0).dtype() == DType.I32;
    boolean given = prepared.features().get(0).dtype() == DType.I32;
    return whole && !given ? WholeNumbers.of(prepared) : prepared;
  }

  private static SourceConfig source(SourceConfig trained, Path place, @Nullable Path labels) {
    if (trained instanceof SourceConfig.Csv csv) {
      return new SourceConfig.Csv(place, csv.format(), csv.indicator());
    }
    if (trained instanceof SourceConfig.Npz npz) {
      return new SourceConfig.Npz(place, npz.features(), npz.target(), npz.classifies());
    }
    if (trained instanceof SourceConfig.Images images) {
      return new SourceConfig.Images(place, images.options());
    }
    if (trained instanceof SourceConfig.Idx) {
      if (labels == null) {
        throw new TarnException(place + ": give the file of its classes, too: --labels FILE");
      }
      return new SourceConfig.Idx(place, labels);
    }
    if (trained instanceof SourceConfig.Named named) {
      return new SourceConfig.Named(named.name(), place);
    }
    throw new TarnException(place + ": data of this kind cannot be replaced");
  }

  /**
   * Examples with the training's numbers for their classes.
   *
   * @param given the names of their classes; empty if these are the numbers 0, 1, 2, ...
   * @param trained the names of the training's; empty if these are numbers
   */
  private static Dataset renumbered(
      Path place, Dataset raw, List<String> given, List<String> trained) {
    int count = given.isEmpty() ? raw.classes() : given.size();
    int[] numbers = new int[count];
    int classes = trained.size();
    for (int i = 0; i < count; i++) {
      String name = given.isEmpty() ? String.valueOf(i) : given.get(i);
      boolean number = trained.isEmpty() && name.matches("[0-9]{1,6}");
      numbers[i] = number ? Integer.parseInt(name) : trained.indexOf(name);
      classes = Math.max(classes, numbers[i] + 1);
      if (numbers[i] < 0) {
        throw new TarnException(
            String.format(
                "%s: class '%s' is none of the training's: %s",
                place, name, trained.isEmpty() ? "numbers from 0" : some(trained)));
      }
    }
    return new Renumbered(raw, numbers, classes);
  }

  private static String some(List<String> labels) {
    return labels.size() <= 10 ? labels.toString() : labels.subList(0, 10) + " and more";
  }

  /**
   * Examples with other numbers for their classes.
   *
   * @param numbers the number of each class
   */
  private record Renumbered(Dataset data, int[] numbers, int classes) implements Dataset {
    @Override
    public int size() {
      return data.size();
    }

    @Override
    public List<Spec> features() {
      return data.features();
    }

    @Override
    public List<Spec> targets() {
      return data.targets();
    }

    @Override
    public void gather(int[] indices, int from, Batch batch) {
      data.gather(indices, from, batch);
      int[] labels = batch.target().ints();
      for (int i = 0; i < batch.size(); i++) {
        labels[i] = numbers[labels[i]];
      }
    }
  }
}
