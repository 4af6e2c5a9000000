/// What a replay has found in the log so far, and done with it.
package struct ReplayReport: Sendable, Hashable {
    /// How many records were read.
    package var read = 0
    /// Tasks that the store did not know: they were stored, or would be.
    package var restored = 0
    /// Tasks that the store knows, or for which an unfinished one with the same unique key answers.
    package var known = 0
    /// Tasks that have ended, as the log remembers, and that the store does not know any more.
    package var ended = 0
    /// Records that are no tasks.
    package var unusable = 0
    /// Tasks that the store does not take, because it knows too many types already.
    package var refused = 0

    package init() {}
}
