package dev.tarn.config;

import dev.tarn.config.YamlValue.Entry;
import dev.tarn.config.YamlValue.Place;
import dev.tarn.config.YamlValue.Scalar;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Makes values with places from YAML text: one document, no tags, unique keys, bounded in size and
 * depth. An alias shares the value of its anchor, so nothing grows.
 */
final class YamlReader {
  static final int MAX_CHARACTERS = 1_000_000;
  private static final int MAX_DEPTH = 40;

  private final Iterator<Event> events;
  private final Function<Mark, Place> places;
  private final Map<Anchor, YamlValue> anchors = new HashMap<>();

  private YamlReader(String text, String label, Function<Mark, Place> places) {
    LoadSettings settings =
        LoadSettings.builder().setLabel(label).setCodePointLimit(MAX_CHARACTERS).build();
    this.events = new Parse(settings).parseString(text).iterator();
    this.places = places;
  }

  /**
   * The value of a text.
   *
   * @param label names the text in messages
   * @param path the path of the value, empty for a run file
   * @param places gives the place of a mark
   * @throws ConfigException if it is not YAML or uses what run files do not
   */
  static YamlValue read(String text, String label, String path, Function<Mark, Place> places) {
    try {
      return new YamlReader(text, label, places).document(label, path);
    } catch (MarkedYamlEngineException e) {
      String where = e.getProblemMark().map(mark -> places.apply(mark).text()).orElse(label);
      String problem = e.getProblem() == null ? "not YAML" : e.getProblem();
      throw new ConfigException(where + ": " + problem.replaceAll("\\s+", " "), e);
    } catch (YamlEngineException e) {
      throw new ConfigException(
          label + ": not YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          e);
    }
  }

  private YamlValue document(String label, String path) {
    Event event = events.next();
    while (event.getEventId() == Event.ID.StreamStart
        || event.getEventId() == Event.ID.DocumentStart) {
      event = events.next();
    }
    if (event.getEventId() == Event.ID.StreamEnd) {
      throw new ConfigException(label + ": nothing in it");
    }
    YamlValue value = value(event, path, 0);
    events.next(); // the document's end
    Event after = events.next();
    if (after.getEventId() != Event.ID.StreamEnd) {
      throw new ConfigException(place(after).text() + ": a second document; one is expected");
    }
    return value;
  }

  private YamlValue value(Event event, String path, int depth) {
    Place place = place(event);
    if (depth > MAX_DEPTH) {
      throw new ConfigException(place.text() + ": more than " + MAX_DEPTH + " levels deep");
    }
    if (event instanceof AliasEvent alias) {
      YamlValue shared = anchors.get(alias.getAlias());
      if (shared == null) {
        throw new ConfigException(place.text() + ": no anchor '" + alias.getAlias() + "' before");
      }
      return shared;
    }
    YamlValue value;
    if (event instanceof ScalarEvent scalar) {
      refuseTag(scalar.getTag(), place);
      value =
          YamlValue.scalar(
              place,
              path,
              new Scalar(scalar.getValue(), scalar.getScalarStyle() == ScalarStyle.PLAIN));
    } else {
      refuseTag(((CollectionStartEvent) event).getTag(), place);
      value =
          event.getEventId() == Event.ID.MappingStart
              ? YamlValue.mapping(place, path, entries(path, depth))
              : YamlValue.list(place, path, values(path, depth));
    }
    ((NodeEvent) event).getAnchor().ifPresent(anchor -> anchors.put(anchor, value));
    return value;
  }

  private List<YamlValue> values(String path, int depth) {
    List<YamlValue> values = new ArrayList<>();
    for (Event next = events.next();
        next.getEventId() != Event.ID.SequenceEnd;
        next = events.next()) {
      values.add(value(next, path + "[" + (values.size() + 1) + "]", depth + 1));
    }
    return values;
  }

  private Map<String, Entry> entries(String path, int depth) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Event next = events.next();
        next.getEventId() != Event.ID.MappingEnd;
        next = events.next()) {
      YamlValue key = value(next, path, depth + 1);
      if (!key.isScalar()) {
        throw key.expected("a key");
      }
      String name = key.text();
      YamlValue value = value(events.next(), join(path, name), depth + 1);
      Entry before = entries.putIfAbsent(name, new Entry(key.place(), value));
      if (before != null) {
        throw new ConfigException(
            key.place().text()
                + ": key '"
                + name
                + "' is given twice; first at line "
                + before.keyPlace().line());
      }
    }
    return entries;
  }

  static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static void refuseTag(Optional<String> tag, Place place) {
    if (tag.isPresent()) {
      throw new ConfigException(
          place.text() + ": tag '" + tag.get() + "': run files have no tags; leave it out");
    }
  }

  private Place place(Event event) {
    return places.apply(event.getStartMark().orElseThrow());
  }

  /**
   * The text of a run file.
   *
   * @throws ConfigException if it cannot be read, is too long or not UTF-8
   */
  static String text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_CHARACTERS + 1);
      if (bytes.length > MAX_CHARACTERS) {
        throw new ConfigException(file + ": more than 1 MB; this is not a run file");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new ConfigException(file + ": not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      String why = Files.isDirectory(file) ? "it is a directory" : e.getMessage();
      throw new ConfigException(file + ": cannot be read: " + why, e);
    }
  }
}
