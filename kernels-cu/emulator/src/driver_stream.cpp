// Streams and their capture, events. Work runs when it is submitted; only capture defers it.
#include <algorithm>
#include <chrono>

#include "driver.h"

namespace tarn {
namespace {

using Clock = std::chrono::steady_clock;

struct Event {
  bool recorded = false;
  Clock::time_point time;
  unsigned long long capture_id = 0;  // of the capture in which it was last recorded, or 0
};

enum CaptureMode { GLOBAL, THREAD_LOCAL, RELAXED };
constexpr unsigned NON_BLOCKING = 1;

Handles<Stream> &streams() {
  static auto *all = new Handles<Stream>;
  return *all;
}
Handles<Event> &events() {
  static auto *all = new Handles<Event>;
  return *all;
}

// Streams that capture, the ones that joined included.
std::mutex capture_mutex;
std::vector<Stream *> capturing;
std::atomic<int> capture_count{0};  // spares the lock where nothing captures

thread_local int thread_mode = GLOBAL;

// Whether a call that is unsafe during capture meets this one, under the rules of
// cuThreadExchangeStreamCaptureMode.
bool forbids(const Capture &capture) {
  if (thread_mode == RELAXED || capture.mode == RELAXED) return false;
  if (capture.thread == std::this_thread::get_id()) return true;
  return capture.mode == GLOBAL && thread_mode == GLOBAL;
}

void join(Stream *stream, Capture *capture) {
  std::lock_guard<std::mutex> lock(capture_mutex);
  stream->capture = capture;
  capturing.push_back(stream);
  capture_count++;
}

void leave(Capture *capture) {
  std::lock_guard<std::mutex> lock(capture_mutex);
  for (Stream *stream : capturing) {
    if (stream->capture != capture) continue;
    stream->capture = nullptr;
    stream->origin = false;
    capture_count--;
  }
  capturing.erase(std::remove_if(capturing.begin(), capturing.end(),
                                 [](Stream *s) { return !s->capture; }),
                  capturing.end());
}

// nullptr once the capture has ended.
Capture *find_capture(unsigned long long id) {
  std::lock_guard<std::mutex> lock(capture_mutex);
  for (Stream *stream : capturing) {
    if (stream->capture->id == id) return stream->capture;
  }
  return nullptr;
}

// What a capturing stream answers when it is waited for or queried.
int refuse_if_capturing(Stream *stream) {
  if (!stream) return INVALID_HANDLE;
  if (!stream->capture) return SUCCESS;
  stream->capture->invalidated = true;
  return STREAM_CAPTURE_UNSUPPORTED;
}

int create_stream(void **handle, unsigned flags, int priority) {
  static std::atomic<unsigned long long> ids{3};
  auto stream = std::make_unique<Stream>();
  stream->context = current_context();
  stream->flags = flags;
  stream->priority = priority;
  stream->id = ids++;
  *handle = streams().add(std::move(stream));
  return SUCCESS;
}

}  // namespace

Stream *find_stream(void *handle) {
  static Stream default_stream;
  return reinterpret_cast<uintptr_t>(handle) <= 2 ? &default_stream : streams().find(handle);
}

int refuse_during_capture() {
  if (capture_count == 0) return SUCCESS;
  std::lock_guard<std::mutex> lock(capture_mutex);
  bool refused = false;
  for (Stream *stream : capturing) {
    if (!forbids(*stream->capture)) continue;
    stream->capture->invalidated = true;
    refused = true;
  }
  return refused ? STREAM_CAPTURE_UNSUPPORTED : SUCCESS;
}

int refuse_legacy_during_capture() {
  if (capture_count == 0) return SUCCESS;
  {
    std::lock_guard<std::mutex> lock(capture_mutex);
    bool refused = false;
    for (Stream *stream : capturing) {
      if (stream->flags & NON_BLOCKING) continue;
      stream->capture->invalidated = true;
      refused = true;
    }
    if (refused) return STREAM_CAPTURE_IMPLICIT;
  }
  return refuse_during_capture();
}

int check_submit(Stream *stream) {
  if (!stream) return INVALID_HANDLE;
  if (stream->capture) return stream->capture->invalidated ? STREAM_CAPTURE_INVALIDATED : SUCCESS;
  if (stream->id == 0 && capture_count > 0) {
    std::lock_guard<std::mutex> lock(capture_mutex);
    for (Stream *other : capturing) {
      if (other->flags & NON_BLOCKING) continue;
      other->capture->invalidated = true;
      return STREAM_CAPTURE_IMPLICIT;
    }
  }
  return SUCCESS;
}

int submit(void *handle, NodeKind kind, std::function<int()> run) {
  Stream *stream = find_stream(handle);
  if (int error = check_submit(stream)) return error;
  if (stream->capture) {
    stream->capture->graph->add(kind, std::move(run));
    return SUCCESS;
  }
  return finish(run());
}

int finish(int result) {
  switch (result) {
    case ILLEGAL_ADDRESS:
    case ASSERT:
    case MISALIGNED_ADDRESS:
    case LAUNCH_FAILED:
      if (Context *context = current_context()) context->sticky = result;
      return result;
    default:
      return result;
  }
}

std::unique_ptr<Graph> end_capture(Stream *stream, int *error) {
  std::unique_ptr<Capture> capture(stream->capture);
  leave(capture.get());
  *error = capture->invalidated ? STREAM_CAPTURE_INVALIDATED : SUCCESS;
  return std::move(capture->graph);
}

}  // namespace tarn

using namespace tarn;

DRIVER_API cuStreamCreate(void **stream, unsigned flags) {
  ENTER_CONTEXT();
  return create_stream(stream, flags, 0);
}

DRIVER_API cuStreamCreateWithPriority(void **stream, unsigned flags, int priority) {
  ENTER_CONTEXT();
  return create_stream(stream, flags, std::clamp(priority, -5, 0));
}

DRIVER_API cuStreamDestroy_v2(void *handle) {
  ENTER_CONTEXT();
  auto stream = streams().take(handle);
  if (!stream) return INVALID_HANDLE;
  if (stream->capture) {
    int ignored;
    end_capture(stream.get(), &ignored);
  }
  return SUCCESS;
}

DRIVER_API cuStreamGetFlags(void *stream, unsigned *flags) {
  ENTER_CONTEXT();
  Stream *s = find_stream(stream);
  if (!s) return INVALID_HANDLE;
  *flags = s->flags;
  return SUCCESS;
}

DRIVER_API cuStreamGetPriority(void *stream, int *priority) {
  ENTER_CONTEXT();
  Stream *s = find_stream(stream);
  if (!s) return INVALID_HANDLE;
  *priority = s->priority;
  return SUCCESS;
}

DRIVER_API cuStreamGetCtx(void *stream, void **context) {
  ENTER_CONTEXT();
  Stream *s = find_stream(stream);
  if (!s) return INVALID_HANDLE;
  *context = s->context ? s->context : current_context();
  return SUCCESS;
}

DRIVER_API cuStreamSynchronize(void *stream) {
  ENTER_CONTEXT();
  Stream *s = find_stream(stream);
  if (s && s->id == 0) return refuse_legacy_during_capture();
  return refuse_if_capturing(s);
}

DRIVER_API cuStreamQuery(void *stream) {
  ENTER_CONTEXT();
  Stream *s = find_stream(stream);
  if (s && s->id == 0) return refuse_legacy_during_capture();
  return refuse_if_capturing(s);
}

DRIVER_API cuThreadExchangeStreamCaptureMode(int *mode) {
  ENTER();
  if (*mode < GLOBAL || *mode > RELAXED) return INVALID_VALUE;
  std::swap(*mode, thread_mode);
  return SUCCESS;
}

DRIVER_API cuStreamBeginCapture_v2(void *handle, int mode) {
  ENTER_CONTEXT();
  Stream *stream = find_stream(handle);
  if (!stream) return INVALID_HANDLE;
  if (mode < GLOBAL || mode > RELAXED) return INVALID_VALUE;
  if (stream->id == 0) return STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture) return ILLEGAL_STATE;
  static std::atomic<unsigned long long> ids{1};
  auto *capture = new Capture;
  capture->id = ids++;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  stream->origin = true;
  join(stream, capture);
  return SUCCESS;
}

DRIVER_API cuStreamIsCapturing(void *handle, int *status) {
  ENTER_CONTEXT();
  Stream *stream = find_stream(handle);
  if (!stream) return INVALID_HANDLE;
  *status = !stream->capture ? 0 : stream->capture->invalidated ? 2 : 1;
  return SUCCESS;
}

DRIVER_API cuEventCreate(void **event, unsigned) {
  ENTER_CONTEXT();
  *event = events().add(std::make_unique<Event>());
  return SUCCESS;
}

DRIVER_API cuEventDestroy_v2(void *event) {
  ENTER_CONTEXT();
  return events().take(event) ? SUCCESS : INVALID_HANDLE;
}

DRIVER_API cuEventRecord(void *handle, void *stream) {
  ENTER_CONTEXT();
  Event *event = events().find(handle);
  Stream *s = find_stream(stream);
  if (!event) return INVALID_HANDLE;
  if (int error = check_submit(s)) return error;
  event->capture_id = s->capture ? s->capture->id : 0;
  if (!s->capture) {  // inside a capture the event only marks a place in it
    event->recorded = true;
    event->time = Clock::now();
  }
  return SUCCESS;
}

DRIVER_API cuStreamWaitEvent(void *handle, void *event_handle, unsigned) {
  ENTER_CONTEXT();
  Event *event = events().find(event_handle);
  Stream *stream = find_stream(handle);
  if (!event) return INVALID_HANDLE;
  if (int error = check_submit(stream)) return error;
  if (event->capture_id == 0) {
    // Work outside a capture cannot be waited for inside one; an event without work is no wait.
    if (!stream->capture || !event->recorded) return SUCCESS;
    stream->capture->invalidated = true;
    return STREAM_CAPTURE_ISOLATION;
  }
  Capture *capture = find_capture(event->capture_id);
  if (!capture) return CAPTURED_EVENT;
  if (!stream->capture) {
    if (stream->id == 0) return STREAM_CAPTURE_IMPLICIT;
    join(stream, capture);
  }
  return stream->capture == capture ? SUCCESS : STREAM_CAPTURE_MERGE;
}

DRIVER_API cuEventSynchronize(void *handle) {
  ENTER_CONTEXT();
  Event *event = events().find(handle);
  if (!event) return INVALID_HANDLE;
  return event->capture_id ? CAPTURED_EVENT : SUCCESS;
}

DRIVER_API cuEventQuery(void *handle) {
  ENTER_CONTEXT();
  Event *event = events().find(handle);
  if (!event) return INVALID_HANDLE;
  return event->capture_id ? CAPTURED_EVENT : refuse_during_capture();
}

DRIVER_API cuEventElapsedTime(float *milliseconds, void *from, void *to) {
  ENTER_CONTEXT();
  Event *a = events().find(from), *b = events().find(to);
  if (!a || !b || !a->recorded || !b->recorded) return INVALID_HANDLE;
  *milliseconds = std::chrono::duration<float, std::milli>(b->time - a->time).count();
  return SUCCESS;
}
