internal import Glibc
import Text

extension PluginFault: CustomStringConvertible {
  /// What happened, in one sentence without a final period, safe for a terminal.
  var description: String {
    let file = "`\(UntrustedText(library).terminal)`"
    let who = kind.map { "`\($0)` of \(file)" } ?? file
    let place = operation == .load ? "while it was being loaded" : "in `\(operation.functionName)`"
    return switch reason {
    case .signal(let number): "\(who) crashed (\(Self.name(of: number))) \(place)"
    case .exit(let status): "\(who) ended its process (status \(status)) \(place)"
    case .overdue(let seconds):
      "\(who) did not return within \(seconds) s \(place): it was ended; --plugin-timeout grants"
        + " more"
    case .cannotStart(let number):
      "\(who) cannot be run: no process can be started (\(String(cString: strerror(number))))"
    case .noMemory: "\(who) has no room for the tensors of `\(operation.functionName)`"
    case .malformed: "\(who) destroyed the memory of its process \(place)"
    case .changed: "\(file) is another file than at the start of the run: run it again"
    case .failed(let code, let reasons):
      if let first = reasons.first {
        "\(who) failed \(place): \(UntrustedText(bytes: first).terminal)"
      } else {
        "\(who) failed \(place) with code \(code) and gave no reason"
      }
    case .reasonWithoutCode(let reason):
      "\(who) returned CNN_OK \(place) after it had said: \(UntrustedText(bytes: reason).terminal)"
    case .unwritten(let tensor, let count, let all):
      "\(who) left \(Figure.grouped(count)) of \(Figure.grouped(all)) elements of `\(tensor)`"
        + " unwritten \(place)"
    case .overrun(let tensor): "\(who) wrote beyond the end of `\(tensor)` \(place)"
    case .notRepeatable:
      "\(who) gave other bits when it was called once more with the same operands \(place)"
    case .noOutput: "\(who) named no output \(place): call host->add_output"
    case .otherShapes: "\(who) named other shapes when it was asked once more \(place)"
    case .ignoresBatch(let inputs, let outputs):
      "\(who) named an output of \(outputs) samples for inputs of \(inputs) \(place), although it says"
        + " that samples are independent"
    case .noBound(let form): "\(who) answered with a form of bound that does not exist: \(form)"
    case .impossibleBound(let value):
      "\(who) named \(value) \(place), and neither a bound nor a number of terms is negative"
    }
  }

  private static func name(of signal: Int32) -> String {
    let name =
      switch signal {
      case SIGSEGV: "segmentation fault"
      case SIGBUS: "bus error"
      case SIGABRT: "abort"
      case SIGFPE: "arithmetic exception"
      case SIGILL: "illegal instruction"
      case SIGTRAP: "trap"
      case SIGKILL: "killed"
      case SIGSYS: "forbidden system call"
      default: ""
      }
    return "signal \(signal)" + (name.isEmpty ? "" : ", \(name)")
  }
}
