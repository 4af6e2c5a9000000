// Numbers that were read from outside, or that add up for years, must not end the process when they are too large.

extension FixedWidthInteger {
    /// The sum, or the end of the range if it is beyond that.
    package func adding(clamped other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the range if it is beyond that.
    package func subtracting(clamped other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
