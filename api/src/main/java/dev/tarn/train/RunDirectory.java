package dev.tarn.train;

import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directory of one training: {@code config.yaml}, {@code metrics.csv}, {@code metrics.jsonl},
 * {@code last.safetensors} and {@code best.safetensors}; {@code inspection.txt} if a step failed.
 *
 * <p>A process may be killed at any moment: the metrics get a row at each epoch's end, before the
 * checkpoint that has it, and are cut back to the checkpoint on resume; every other file is
 * replaced as a whole. One process at a time may train in it.
 */
public final class RunDirectory implements AutoCloseable {
  /** The key of the configuration in a checkpoint's metadata. */
  public static final String CONFIG = "config";

  /** The key of what is done with raw examples, in a checkpoint's metadata. */
  public static final String PREPROCESSING = "preprocessing";

  /** The key of how many examples each part of the data has, in a checkpoint's metadata. */
  public static final String EXAMPLES = "examples";

  /** The key of what {@link DiagnosisListener} has seen, in a checkpoint's metadata. */
  static final String DIAGNOSIS = "diagnosis";

  private static final Pattern NUMBER = Pattern.compile("-([0-9]{1,9})$");

  private final Path path;
  private final FileChannel lockFile;
  private final Map<String, String> texts = new LinkedHashMap<>();
  private RunDirectoryMetrics metrics;
  private double best = Double.NaN;

  private RunDirectory(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
    this.metrics = RunDirectoryMetrics.empty(path);
  }

  /**
   * Makes the next free directory {@code <name>-<n>}.
   *
   * @param runs where it is made; made as well if it is missing
   * @throws TarnException if it cannot be made
   */
  public static RunDirectory create(Path runs, String name) {
    if (Files.exists(runs) && !Files.isDirectory(runs)) {
      throw new TarnException(runs + ": is a file; run directories need a directory");
    }
    try {
      Files.createDirectories(runs);
      for (int n = next(runs, name); ; n++) {
        Path path = runs.resolve(name + "-" + n);
        try {
          Files.createDirectory(path);
          return new RunDirectory(path, lock(path));
        } catch (FileAlreadyExistsException e) {
          // another process took the number: the next one then
        }
      }
    } catch (IOException e) {
      throw new TarnException(
          runs + ": a run directory cannot be made: " + AtomicFile.reason(e), e);
    }
  }

  /**
   * Opens a directory to train on in it, and removes what a killed process left half written.
   *
   * @throws TarnException if there is no checkpoint in it, or another process trains in it
   */
  public static RunDirectory open(Path path) {
    if (Files.isRegularFile(path)) {
      throw new TarnException(path + ": is a file; give the run directory it is in");
    }
    if (!Files.isDirectory(path)) {
      throw new TarnException(path + ": no such run directory");
    }
    if (!Files.exists(last(path))) {
      throw new TarnException(
          path + ": holds no checkpoint (last.safetensors); start the training anew");
    }
    RunDirectory directory = new RunDirectory(path, lock(path));
    try (DirectoryStream<Path> stale = Files.newDirectoryStream(path, "*" + AtomicFile.TEMPORARY)) {
      for (Path file : stale) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      directory.close();
      throw new TarnException(path + ": cannot be tidied up: " + AtomicFile.reason(e), e);
    }
    return directory;
  }

  private static int next(Path runs, String name) throws IOException {
    int highest = 0;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(runs)) {
      for (Path entry : entries) {
        String text = entry.getFileName().toString();
        Matcher number = NUMBER.matcher(text);
        if (number.find() && text.substring(0, number.start()).equals(name)) {
          highest = Math.max(highest, Integer.parseInt(number.group(1)));
        }
      }
    }
    return highest + 1;
  }

  private static FileChannel lock(Path path) {
    Path file = path.resolve(".lock");
    @Nullable FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
      channel.close();
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel, e);
    } catch (IOException e) {
      closeQuietly(channel, e);
      throw new TarnException(file + ": cannot be locked: " + AtomicFile.reason(e), e);
    }
    throw new TarnException(
        path + ": another process is training in it; wait for it to end, or stop it first");
  }

  private static void closeQuietly(@Nullable FileChannel channel, Exception cause) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** The directory. */
  public Path path() {
    return path;
  }

  /** The checkpoint of the last step saved. */
  public static Path last(Path run) {
    return run.resolve("last.safetensors");
  }

  /**
   * The checkpoint of the best epoch: of the least validation loss, or of what early stopping looks
   * at.
   */
  public static Path best(Path run) {
    return run.resolve("best.safetensors");
  }

  /**
   * The best checkpoint of a run directory, or its last where it has no best.
   *
   * @throws TarnException if it has neither
   */
  public static Path checkpoint(Path run) {
    Path file = Files.exists(best(run)) ? best(run) : last(run);
    if (!Files.exists(file)) {
      throw new TarnException(run + ": no checkpoint in it (best or last.safetensors)");
    }
    return file;
  }

  /** In words, what may be taken instead of a checkpoint that is damaged. */
  static String other(Path checkpoint) {
    for (String name : List.of("best.safetensors", "last.safetensors")) {
      Path file = checkpoint.resolveSibling(name);
      if (!file.equals(checkpoint) && Files.exists(file)) {
        return file.toString();
      }
    }
    return "another checkpoint";
  }

  /**
   * The rows of {@code metrics.jsonl}, without a last one that is being written or was cut off;
   * none if the file is missing.
   *
   * @throws TarnException if it cannot be read
   */
  public static List<String> epochs(Path run) {
    return RunDirectoryMetrics.lines(run);
  }

  /**
   * Begins a training: writes the configuration and a checkpoint of the state it starts from, so
   * that it can be resumed from the first moment on.
   *
   * @param text the configuration; kept in every checkpoint
   */
  public void begin(Trainer trainer, String text) {
    setConfig(text);
    save(trainer);
  }

  /**
   * Continues a training where its last checkpoint was saved, and cuts the metrics back to it;
   * {@link #setConfig} comes next.
   *
   * @throws TarnException if the checkpoint does not fit the trainer
   */
  public void resume(Trainer trainer) {
    String diagnosed = trainer.resume(last(path)).get(DIAGNOSIS);
    if (diagnosed != null) {
      keep(DIAGNOSIS, diagnosed);
    }
    metrics = RunDirectoryMetrics.upTo(trainer.steps(), path);
    best = metrics.best(trainer.monitored());
    trainer.goOnIn(this);
  }

  /** A text that is kept in every checkpoint, or null. */
  @Nullable String kept(String key) {
    return texts.get(key);
  }

  /** What the epochs before it was resumed gave. */
  List<EpochResult> history(long trainExamples, long validationExamples) {
    return metrics.results(trainExamples, validationExamples);
  }

  /** Keeps a text in every checkpoint from here on. */
  public void keep(String key, String text) {
    texts.put(key, text);
  }

  /** Sets the configuration from here on; it is kept in every checkpoint. */
  public void setConfig(String text) {
    keep(CONFIG, text);
    AtomicFile.write(path.resolve("config.yaml"), text);
  }

  /**
   * Saves what a failed step computed, node by node.
   *
   * @return the file
   */
  public Path saveInspection(NonFiniteException failure) {
    Path file = path.resolve("inspection.txt");
    AtomicFile.write(file, failure.getMessage() + "\n\n" + failure.inspection());
    return file;
  }

  /** Saves the last checkpoint. */
  public void save(Trainer trainer) {
    trainer.save(last(path), texts);
  }

  /**
   * What keeps the directory up to date: give it to the trainer before any listener that reports.
   *
   * @param checkpointEvery the last checkpoint is also saved every so many steps; 0 for never
   */
  public TrainingListener listener(int checkpointEvery) {
    return new TrainingListener() {
      @Override
      public void onStep(Trainer trainer, Progress progress) {
        // After an epoch's last step its own checkpoint follows, with the epoch's metrics.
        boolean ends = progress.batch() == progress.batches();
        if (checkpointEvery > 0 && progress.step() % checkpointEvery == 0 && !ends) {
          save(trainer);
        }
      }

      @Override
      public void onEpoch(Trainer trainer, EpochResult result) {
        metrics.add(result);
        double value = result.best().get(trainer.monitored().name());
        if (trainer.monitored().isBetter(value, best)) {
          trainer.save(best(path), texts);
          best = value;
        }
        save(trainer);
      }

      @Override
      public void onEnd(Trainer trainer, Stop stop) {
        if (trainer.isWithinEpoch()) {
          save(trainer);
        }
      }
    };
  }

  /** The value of the best epoch, as {@link Trainer#monitored} says; NaN before the first. */
  public double best() {
    return best;
  }

  /** Lets another process train in the directory. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw new TarnException(path + ": cannot be unlocked: " + AtomicFile.reason(e), e);
    }
  }
}
