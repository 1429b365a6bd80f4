package dev.tarn.cpu;

import dev.tarn.ir.Elementwise.Kind;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes one loop of several arithmetic instructions of a tape, as bytecode of a hidden class.
 *
 * <p>The loop loads an element of every tile it reads, computes, and stores what is read later, so
 * that what is in between stays in vector registers; C2 makes vector code of it as of a loop that
 * was written by hand. Each instruction rounds to float as it would alone.
 */
final class TapeLoop {
  /** A compiled loop over the first {@code n} elements of some of the tiles. */
  interface Loop {
    void run(float[][] tiles, float[] scalars, int n);
  }

  /** Where an operand comes from. */
  enum Place {
    TILE,
    SCALAR,
    INSTRUCTION
  }

  /** An operand: a tile, a scalar, or an earlier instruction of the loop, by its number. */
  record Source(Place place, int number) {}

  /**
   * An instruction.
   *
   * @param target the tile that receives the result, or -1
   */
  record Instruction(Kind kind, List<Source> operands, int target) {}

  /** What a loop can compute. */
  static final Set<Kind> KINDS =
      EnumSet.of(
          Kind.ADD,
          Kind.SUB,
          Kind.MUL,
          Kind.DIV,
          Kind.MAXIMUM,
          Kind.MINIMUM,
          Kind.NEG,
          Kind.ABS,
          Kind.SQRT,
          Kind.RSQRT,
          Kind.RELU);

  private static final Map<List<Instruction>, Loop> KNOWN = new ConcurrentHashMap<>();

  // Bytecodes and what else class files are made of: The Java Virtual Machine Specification, 4, 6.
  private static final int ALOAD = 25;
  private static final int ASTORE = 58;
  private static final int AALOAD = 50;
  private static final int FLOAD = 23;
  private static final int FSTORE = 56;
  private static final int FALOAD = 48;
  private static final int FASTORE = 81;
  private static final int ILOAD = 21;
  private static final int ISTORE = 54;
  private static final int SIPUSH = 17;
  private static final int ALOAD_0 = 42;
  private static final int ICONST_0 = 3;
  private static final int FCONST_0 = 11;
  private static final int FCONST_1 = 12;
  private static final int FADD = 98;
  private static final int FSUB = 102;
  private static final int FMUL = 106;
  private static final int FDIV = 110;
  private static final int FNEG = 118;
  private static final int F2D = 141;
  private static final int D2F = 144;
  private static final int IINC = 132;
  private static final int IF_ICMPLT = 161;
  private static final int GOTO = 167;
  private static final int RETURN = 177;
  private static final int INVOKESPECIAL = 183;
  private static final int INVOKESTATIC = 184;
  private static final int JAVA_17 = 61;
  private static final int PUBLIC = 1;
  private static final int FINAL_CLASS = 0x30;
  private static final int STACK = 3;
  private static final int SAME_FRAME = 251;
  private static final int FULL_FRAME = 255;
  private static final int INTEGER = 1;
  private static final int FLOAT = 2;
  private static final int OBJECT = 7;

  // Variables of the method; after these come tiles, scalars, loaded elements, results.
  private static final int TILES = 1;
  private static final int SCALARS = 2;
  private static final int COUNT = 3;
  private static final int INDEX = 4;
  private static final int FIRST = 5;

  private final ClassConstants constants = new ClassConstants();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream code = new DataOutputStream(bytes);
  private final List<Instruction> instructions;
  private final List<Integer> tiles;
  private final List<Integer> scalars;
  private final List<Integer> read;

  private TapeLoop(List<Instruction> instructions) {
    this.instructions = instructions;
    this.read = numbers(instructions, Place.TILE);
    this.scalars = numbers(instructions, Place.SCALAR);
    this.tiles = new ArrayList<>(read);
    for (Instruction instruction : instructions) {
      if (instruction.target >= 0 && !tiles.contains(instruction.target)) {
        tiles.add(instruction.target);
      }
    }
  }

  /** The loop that runs instructions; the same instructions share one. */
  static Loop compile(List<Instruction> instructions) {
    return KNOWN.computeIfAbsent(List.copyOf(instructions), key -> new TapeLoop(key).define());
  }

  private static List<Integer> numbers(List<Instruction> instructions, Place place) {
    return instructions.stream()
        .flatMap(instruction -> instruction.operands.stream())
        .filter(source -> source.place == place)
        .map(Source::number)
        .distinct()
        .toList();
  }

  private Loop define() {
    try {
      return (Loop)
          MethodHandles.lookup()
              .defineHiddenClass(classFile(), true)
              .lookupClass()
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the loop of " + instructions + " does not load", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] classFile() throws IOException {
    int self = constants.type("dev/tarn/cpu/TapeLoop$Compiled");
    int object = constants.type("java/lang/Object");
    int parent = constants.type("dev/tarn/cpu/TapeLoop$Loop");
    code.writeByte(ALOAD_0);
    code.writeByte(INVOKESPECIAL);
    code.writeShort(constants.method("java/lang/Object", "<init>", "()V"));
    code.writeByte(RETURN);
    byte[] constructor = bytes.toByteArray();
    bytes.reset();
    byte[] frames = body(self);
    byte[] loop = bytes.toByteArray();
    ByteArrayOutputStream methods = new ByteArrayOutputStream();
    DataOutputStream both = new DataOutputStream(methods);
    method(both, "<init>", "()V", constructor, new byte[0]);
    method(both, "run", "([[F[FI)V", loop, frames);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(file);
    out.writeInt(0xCAFEBABE);
    out.writeInt(JAVA_17);
    constants.write(out);
    out.writeShort(FINAL_CLASS);
    out.writeShort(self);
    out.writeShort(object);
    out.writeShort(1);
    out.writeShort(parent);
    out.writeShort(0);
    out.writeShort(2);
    methods.writeTo(out);
    out.writeShort(0);
    return file.toByteArray();
  }

  private void method(DataOutputStream out, String name, String type, byte[] body, byte[] frames)
      throws IOException {
    out.writeShort(PUBLIC);
    out.writeShort(constants.utf8(name));
    out.writeShort(constants.utf8(type));
    out.writeShort(1);
    out.writeShort(constants.utf8("Code"));
    out.writeInt(12 + body.length + frames.length);
    out.writeShort(STACK);
    out.writeShort(element(instructions.size()));
    out.writeInt(body.length);
    out.write(body);
    out.writeShort(0);
    out.writeShort(frames.length == 0 ? 0 : 1);
    out.write(frames);
  }

  /** Writes the loop and returns what the verifier wants to know of its two jumps. */
  private byte[] body(int self) throws IOException {
    for (int tile : tiles) {
      local(ALOAD, TILES);
      element(AALOAD, tile);
      local(ASTORE, array(tile));
    }
    for (int scalar : scalars) {
      local(ALOAD, SCALARS);
      element(FALOAD, scalar);
      local(FSTORE, scalar(scalar));
    }
    code.writeByte(ICONST_0);
    local(ISTORE, INDEX);
    // The condition is first met at its end, so the loop begins with a jump over its own body.
    byte[] round = round();
    code.writeByte(GOTO);
    code.writeShort(3 + round.length);
    int begin = bytes.size();
    code.write(round);
    int condition = bytes.size();
    local(ILOAD, INDEX);
    local(ILOAD, COUNT);
    int jump = bytes.size();
    code.writeByte(IF_ICMPLT);
    code.writeShort(begin - jump);
    code.writeByte(RETURN);
    return frames(self, begin, condition);
  }

  /** What is done for each element. */
  private byte[] round() throws IOException {
    byte[] before = bytes.toByteArray();
    bytes.reset();
    for (int tile : read) {
      local(ALOAD, array(tile));
      local(ILOAD, INDEX);
      code.writeByte(FALOAD);
      local(FSTORE, loaded(tile));
    }
    for (int i = 0; i < instructions.size(); i++) {
      Instruction instruction = instructions.get(i);
      if (instruction.kind == Kind.RSQRT) {
        code.writeByte(FCONST_1);
      }
      for (Source operand : instruction.operands) {
        switch (operand.place) {
          case TILE -> local(FLOAD, loaded(operand.number));
          case SCALAR -> local(FLOAD, scalar(operand.number));
          case INSTRUCTION -> local(FLOAD, element(operand.number));
        }
      }
      apply(instruction.kind);
      local(FSTORE, element(i));
    }
    for (int i = 0; i < instructions.size(); i++) {
      if (instructions.get(i).target >= 0) {
        local(ALOAD, array(instructions.get(i).target));
        local(ILOAD, INDEX);
        local(FLOAD, element(i));
        code.writeByte(FASTORE);
      }
    }
    code.writeByte(IINC);
    code.writeByte(INDEX);
    code.writeByte(1);
    byte[] round = bytes.toByteArray();
    bytes.reset();
    bytes.write(before);
    return round;
  }

  private void apply(Kind kind) throws IOException {
    switch (kind) {
      case ADD -> code.writeByte(FADD);
      case SUB -> code.writeByte(FSUB);
      case MUL -> code.writeByte(FMUL);
      case DIV -> code.writeByte(FDIV);
      case NEG -> code.writeByte(FNEG);
      case ABS -> call("abs", "(F)F");
      case MAXIMUM -> call("max", "(FF)F");
      case MINIMUM -> call("min", "(FF)F");
      case RELU -> {
        code.writeByte(FCONST_0);
        call("max", "(FF)F");
      }
      case SQRT, RSQRT -> {
        code.writeByte(F2D);
        call("sqrt", "(D)D");
        code.writeByte(D2F);
        if (kind == Kind.RSQRT) {
          code.writeByte(FDIV);
        }
      }
      default -> throw new IllegalStateException(kind + " is not computed in loops");
    }
  }

  private void call(String name, String type) throws IOException {
    code.writeByte(INVOKESTATIC);
    code.writeShort(constants.method("java/lang/Math", name, type));
  }

  private void local(int instruction, int number) throws IOException {
    if (number > 255) {
      throw new IllegalStateException("a loop of " + instructions.size() + " is too long");
    }
    code.writeByte(instruction);
    code.writeByte(number);
  }

  private void element(int load, int index) throws IOException {
    code.writeByte(SIPUSH);
    code.writeShort(index);
    code.writeByte(load);
  }

  private int array(int tile) {
    return FIRST + tiles.indexOf(tile);
  }

  private int scalar(int scalar) {
    return FIRST + tiles.size() + scalars.indexOf(scalar);
  }

  private int loaded(int tile) {
    return FIRST + tiles.size() + scalars.size() + read.indexOf(tile);
  }

  private int element(int instruction) {
    return FIRST + tiles.size() + scalars.size() + read.size() + instruction;
  }

  /** The types of the variables where the body and where the condition begin: the same. */
  private byte[] frames(int self, int begin, int condition) throws IOException {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(frames);
    out.writeShort(2);
    out.writeByte(FULL_FRAME);
    out.writeShort(begin);
    out.writeShort(FIRST + tiles.size() + scalars.size());
    object(out, self);
    object(out, constants.type("[[F"));
    int array = constants.type("[F");
    object(out, array);
    out.writeByte(INTEGER);
    out.writeByte(INTEGER);
    for (int i = 0; i < tiles.size(); i++) {
      object(out, array);
    }
    for (int i = 0; i < scalars.size(); i++) {
      out.writeByte(FLOAT);
    }
    out.writeShort(0);
    out.writeByte(SAME_FRAME);
    out.writeShort(condition - begin - 1);
    ByteArrayOutputStream attribute = new ByteArrayOutputStream();
    DataOutputStream whole = new DataOutputStream(attribute);
    whole.writeShort(constants.utf8("StackMapTable"));
    whole.writeInt(frames.size());
    frames.writeTo(whole);
    return attribute.toByteArray();
  }

  private static void object(DataOutputStream out, int type) throws IOException {
    out.writeByte(OBJECT);
    out.writeShort(type);
  }
}
