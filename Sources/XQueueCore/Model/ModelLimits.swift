/// Limits that hold for every task in every store.
public enum ModelLimits {
    /// Maximum length of a type name, in (ASCII) characters.
    public static let typeLength = 128
    /// Maximum length of a concurrency or unique key, in bytes of UTF-8.
    public static let keyBytes = 256
    /// Maximum number of retries.
    public static let maxRetry = 1000
    /// Maximum limit of a concurrency key or type.
    public static let maxConcurrency = 1_000_000
    /// Maximum timeout, delay or back-off: ten years.
    public static let maxDuration = Duration.seconds(315_360_000)
    /// The latest `run_at`, 9999-12-31T23:59:59.999Z.
    public static let latestTime = Timestamp(milliseconds: 253_402_300_799_999)
    /// How far ahead of the store's clock an identifier's timestamp may be: one day.
    public static let maxIDAhead = Duration.seconds(86_400)
    /// Maximum size of an error message, in bytes; the rest is cut off.
    public static let errorBytes = 4096
    /// Number of failed attempts kept per task: the latest.
    public static let errorsKept = 10
    /// Maximum size of a progress message, in bytes; the rest is cut off.
    public static let progressMessageBytes = 512
    /// A reply (a page of a list, a claim, the outcomes of a batch) ends once its payloads and results exceed
    /// this many bytes, and says that there is more.
    public static let answerBytes = 8 << 20
    /// Maximum size of a worker's host name, in bytes; the rest is cut off.
    public static let hostBytes = 255
    /// Maximum size of a worker's version, in bytes; the rest is cut off.
    public static let versionBytes = 128
    /// Maximum nesting of arrays and objects in a payload or result.
    public static let jsonDepth = 512
}
