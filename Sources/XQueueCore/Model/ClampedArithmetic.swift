// Numbers read from outside, or that add up for years, must not crash the process by overflowing.

extension FixedWidthInteger {
    /// The sum, clamped to the type's range.
    package func adding(clamped other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, clamped to the type's range.
    package func subtracting(clamped other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
