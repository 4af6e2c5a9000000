// The model and the ports belong to the library's interface: `import XQueue` is enough.
@_exported public import XQueueCore
