// Memory faults inside kernels become CUDA errors instead of the end of the process.
//
// The JVM uses the same signals for its own purposes, so whatever does not come from a kernel goes on
// to the handler that was there before.
#include <signal.h>
#include <ucontext.h>

#include "environment.h"
#include "launch.h"

namespace tarn {
namespace {

constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
struct sigaction previous[NSIG];

struct Fault {
  int signal;
  bool has_address;
  const void *address;
  const void *code;
};
__attribute__((tls_model("initial-exec"))) __thread Fault fault;

// Runs on the fiber in place of the instruction that failed; never returns.
void land() {
  BlockRunner &runner = BlockRunner::current();
  std::string line = source_line(fault.code);
  std::string place = runner.place() + (line.empty() ? "" : ", " + line);
  switch (fault.signal) {
    case SIGFPE:
      report("%s: integer division by zero", place.c_str());
      runner.abandon(LAUNCH_FAILED);
    case SIGILL:
      report("%s: misaligned access", place.c_str());
      runner.abandon(MISALIGNED_ADDRESS);
    default:
      if (!fault.has_address) {
        // Also what an aligned vector instruction answers to a misaligned address.
        report("%s: misaligned or non-canonical address", place.c_str());
        runner.abandon(MISALIGNED_ADDRESS);
      }
      report("%s: illegal address %s", place.c_str(), describe_address(fault.address).c_str());
      runner.abandon(ILLEGAL_ADDRESS);
  }
}

void handle(int signal, siginfo_t *info, void *context) {
  if (tarn_block && running_grid()) {
    auto &registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    fault = {signal, info->si_code != SI_KERNEL, info->si_addr,
             reinterpret_cast<const void *>(registers[REG_RIP])};
    registers[REG_RIP] = reinterpret_cast<greg_t>(&land);
    // Beyond the red zone, aligned as at a function's entry.
    registers[REG_RSP] = ((registers[REG_RSP] - 256) & ~greg_t(15)) - 8;
    return;
  }
  const struct sigaction &old = previous[signal];
  if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
    sigaction(signal, &old, nullptr);  // the instruction fails again, now without us
  } else {
    old.sa_handler(signal);
  }
}

}  // namespace

void install_fault_handler() {
  static bool installed = false;
  if (installed) return;
  installed = true;
  for (int signal : SIGNALS) {
    struct sigaction action = {};
    sigaction(signal, nullptr, &previous[signal]);
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    action.sa_mask = previous[signal].sa_mask;
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace tarn
