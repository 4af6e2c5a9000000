/// The bounds every task obeys, in every store.
public enum ModelLimits {
    /// The longest type name, in characters (all ASCII).
    public static let typeLength = 128
    /// The longest concurrency or unique key, in bytes of UTF-8.
    public static let keyBytes = 256
    /// The most retries a task may ask for.
    public static let maxRetry = 1000
    /// The largest limit of a concurrency key or type.
    public static let maxConcurrency = 1_000_000
    /// The longest time-out, delay or back-off: ten years.
    public static let longestDuration = Duration.seconds(315_360_000)
    /// The latest `run_at`, 9999-12-31T23:59:59.999Z.
    public static let latestTime = Timestamp(milliseconds: 253_402_300_799_999)
    /// How far ahead of the store's clock an identifier may be dated: a day.
    public static let farthestID = Duration.seconds(86_400)
    /// How much of an error's message is kept.
    public static let errorBytes = 4096
    /// How many failed attempts a task remembers: the last ones.
    public static let errorsKept = 10
    /// How much of a progress message is kept.
    public static let progressMessageBytes = 512
    /// Once the payloads and results of one answer (a page of a list, a claim, the outcomes of a batch) pass so
    /// many bytes, it ends, and says that there is more.
    public static let answerBytes = 8 << 20
    /// How much of the name of a worker's host is kept.
    public static let hostBytes = 255
    /// How much of the version a worker tells of itself is kept.
    public static let versionBytes = 128
    /// How deep arrays and objects may be nested in a payload or result.
    public static let jsonDepth = 512
}
