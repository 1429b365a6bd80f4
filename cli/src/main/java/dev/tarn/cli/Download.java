package dev.tarn.cli;

import dev.tarn.train.AtomicFile;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches files over HTTP, bounded in size and in the time in which nothing comes.
 *
 * @param patience how long to wait for a connection, for an answer, and for the next bytes of it
 */
record Download(Duration patience) {
  /** Why a file did not come, in a few words. */
  static final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    Failure(String why) {
      super(why);
    }
  }

  /**
   * Fetches a file. Redirections are followed, but not from HTTPS to HTTP.
   *
   * @param limit the most bytes that it may have
   * @param progress is told how many bytes there are so far
   * @throws Failure if the other side does not give it whole
   * @throws IOException if it cannot be written
   */
  void fetch(URI from, FileChannel to, long limit, LongConsumer progress)
      throws Failure, IOException {
    Body body = new Body();
    try {
      HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send(from);
      response.body().subscribe(body);
      if (response.statusCode() != 200) {
        throw new Failure("HTTP status " + response.statusCode());
      }
      if (response.headers().firstValueAsLong("Content-Length").orElse(0) > limit) {
        throw tooLarge(limit);
      }
      long count = 0;
      for (List<ByteBuffer> piece = next(body); !piece.isEmpty(); piece = next(body)) {
        for (ByteBuffer buffer : piece) {
          count += buffer.remaining();
          if (count > limit) {
            throw tooLarge(limit);
          }
          AtomicFile.writeFully(to, buffer);
        }
        progress.accept(count);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted");
    } finally {
      body.cancel();
    }
  }

  private HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(URI from)
      throws Failure, InterruptedException {
    try {
      HttpClient client =
          HttpClient.newBuilder()
              .connectTimeout(patience)
              .followRedirects(HttpClient.Redirect.NORMAL)
              .build();
      HttpRequest request = HttpRequest.newBuilder(from).timeout(patience).GET().build();
      return client.send(request, BodyHandlers.ofPublisher());
    } catch (HttpConnectTimeoutException e) {
      throw new Failure("no connection within " + patience.toSeconds() + " s");
    } catch (HttpTimeoutException e) {
      throw new Failure("no answer within " + patience.toSeconds() + " s");
    } catch (ConnectException e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      boolean unknown = cause instanceof UnresolvedAddressException;
      throw new Failure(unknown ? "no such host, or no network" : "no connection");
    } catch (IOException e) {
      throw new Failure(why(e));
    }
  }

  private List<ByteBuffer> next(Body body) throws Failure, InterruptedException {
    Piece piece = body.pieces.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (piece == null) {
      throw new Failure("nothing came for " + patience.toSeconds() + " s");
    }
    if (piece.broken() != null) {
      throw new Failure("broke off: " + why(piece.broken()));
    }
    body.more();
    return piece.buffers();
  }

  private static Failure tooLarge(long limit) {
    return new Failure("larger than the " + Training.bytes(limit) + " expected at most");
  }

  private static String why(Throwable e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }

  /**
   * What came.
   *
   * @param buffers the bytes; none at the end
   * @param broken why no more comes, or null
   */
  private record Piece(List<ByteBuffer> buffers, @Nullable Throwable broken) {}

  /** Takes an answer piece by piece, one at a time. */
  private static final class Body implements Flow.Subscriber<List<ByteBuffer>> {
    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private volatile Flow.@Nullable Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(1);
    }

    void more() {
      Flow.Subscription given = subscription;
      if (given != null) {
        given.request(1);
      }
    }

    void cancel() {
      Flow.Subscription given = subscription;
      if (given != null) {
        given.cancel();
      }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      if (buffers.isEmpty()) {
        more();
      } else {
        pieces.add(new Piece(buffers, null));
      }
    }

    @Override
    public void onError(Throwable broken) {
      pieces.add(new Piece(List.of(), broken));
    }

    @Override
    public void onComplete() {
      pieces.add(new Piece(List.of(), null));
    }
  }
}
