import CoreMetrics
import HTTPTypes
import XQueue

/// The instruments of one route, or of all requests that match none.
struct RouteMetrics: Sendable {
    private let time: Timer
    /// Indexed by the status code's first digit, minus 2.
    private let counts: [Counter]

    /// - Parameter route: Such as `GET /api/v1/tasks/{id}`; nil for requests that match no route.
    init(_ route: String?, _ factory: any MetricsFactory) {
        let label = ("route", route ?? "none")
        time = Timer(label: MetricName.httpRequest.rawValue, dimensions: [label], factory: factory)
        counts = (2...5).map { digit in
            Counter(
                label: MetricName.httpRequests.rawValue, dimensions: [label, ("code", "\(digit)xx")],
                factory: factory)
        }
    }

    func answered(_ status: HTTPResponse.Status, since start: ContinuousClock.Instant) {
        time.record(since: start)
        counts[min(max(status.code / 100 - 2, 0), counts.count - 1)].increment()
    }
}
