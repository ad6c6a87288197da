-- W3C traceparent of the span that submitted the job; null where nobody traced it.
ALTER TABLE jobs ADD COLUMN trace TEXT;
