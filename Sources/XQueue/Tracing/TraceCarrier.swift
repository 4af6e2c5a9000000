import Tracing
import XQueueCore

/// A trace on its way between this queue's words and a tracer's.
///
/// Whatever else a tracer would send along, only the two headers of W3C Trace Context are kept.
struct TraceCarrier: Sendable {
    var parent: String?
    var state: String?

    var trace: TraceContext? { TraceContext(parent: parent, state: state) }

    init(_ trace: TraceContext? = nil) {
        parent = trace?.parent
        state = trace?.state
    }
}

/// How a tracer reaches the carrier.
struct TraceHeaders: Injector, Extractor {
    func inject(_ value: String, forKey key: String, into carrier: inout TraceCarrier) {
        switch key.lowercased() {
        case "traceparent": carrier.parent = value
        case "tracestate": carrier.state = value
        default: break
        }
    }

    func extract(key: String, from carrier: TraceCarrier) -> String? {
        switch key.lowercased() {
        case "traceparent": carrier.parent
        case "tracestate": carrier.state
        default: nil
        }
    }
}
