import InMemoryTracing
import Synchronization
import Tracing

/// Records spans with `InMemoryTracer`, and propagates W3C Trace Context.
struct RecordingTracer: Tracer {
    let inner: InMemoryTracer

    init() {
        let last = Numbers()
        inner = InMemoryTracer(
            idGenerator: .init(
                nextTraceID: { Self.hex(last.next(), digits: 32) },
                nextSpanID: { Self.hex(last.next(), digits: 16) }))
    }

    /// The ended spans of that name.
    func spans(_ name: String) -> [FinishedInMemorySpan] {
        inner.finishedSpans.filter { $0.operationName == name }
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        inner.startSpan(
            operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID,
            line: line)
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let header = extractor.extract(key: "traceparent", from: carrier) else { return }
        let parts = header.split(separator: "-").map(String.init)
        context.inMemorySpanContext = InMemorySpanContext(
            traceID: parts[1], spanID: parts[2], parentSpanID: nil)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
        injector.inject("none of the queue's", forKey: "baggage", into: &carrier)
    }

    private static func hex(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    private final class Numbers: Sendable {
        private let last = Atomic(0xA000)

        func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
    }
}
