import XQueueCore

/// What a claim's answer means for the attempts it brought, on this node's monotonic clock.
struct LeaseTerms: Sendable {
    /// When the claim was sent. Leases run from then at the latest that the store can have it, and so on the safe side.
    var askedAt: MonotonicInstant
    /// When the answer arrived. Handlers' deadlines count from then.
    var claimedAt: MonotonicInstant
    var lease: Duration
    var grace: Duration
    /// How long before the end of a lease its handler is told; nil not to tell it.
    var margin: Duration?
}
