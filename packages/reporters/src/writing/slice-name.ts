/**
 * The name of a slice in a Chrome trace. The Performance panel of DevTools takes some names for events of its own and fails
 * on the whole trace when their details are missing, and it stumbles over what plain objects inherit. A task with such a
 * name stands in quotes; every other name is kept as it is.
 */

export function sliceName(name: string): string {
  return DEVTOOLS_EVENTS.has(name) || name in Object.prototype ? JSON.stringify(name) : name;
}

/** Found by giving a task each name that its engine (@paulirish/trace_engine) lists; the tests do so again. */
const DEVTOOLS_EVENTS: ReadonlySet<string> = new Set([
  "ParseHTML",
  "ParseAuthorStyleSheet",
  "RequestIdleCallback",
  "FireIdleCallback",
  "TimerInstall",
  "TimerFire",
  "WebSocketCreate",
  "WebSocketSendHandshakeRequest",
  "WebSocketReceiveHandshakeResponse",
  "WebSocketDestroy",
  "WebSocketSend",
  "WebSocketReceive",
  "SchedulePostTaskCallback",
  "RunPostTaskCallback",
  "AbortPostTaskCallback",
  "ScheduleStyleRecalculation",
  "InvalidateLayout",
  "LayoutShift",
  "StyleRecalcInvalidationTracking",
  "StyleInvalidatorInvalidationTracking",
  "Paint",
  "PaintImage",
  "MarkLoad",
  "MarkDOMContent",
  "firstPaint",
  "firstContentfulPaint",
  "largestContentfulPaint::Candidate",
  "largestContentfulPaint::CandidateForSoftNavigation",
  "SoftNavigationStart",
  "ResourceWillSendRequest",
  "ResourceSendRequest",
  "ResourceReceiveResponse",
  "ResourceReceivedData",
  "ResourceFinish",
  "ResourceMarkAsCached",
  "CpuProfile",
  "SetLayerTreeId",
  "TracingStartedInPage",
  "TracingStartedInBrowser",
  "TracingSessionIdForWorker",
  "SyntheticNetworkRequest",
  "PreloadRenderBlockingStatusChange",
]);
