// The report of a review as `schemas/report.v1.json` describes it: what the pages use of it.

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export interface Position {
  line: number;
  column: number;
}

export interface Location {
  path: string;
  uri: string;
  start: Position;
  end: Position;
}

export interface FrameLine {
  number: number;
  text: string;
  changed: boolean;
}

export interface Related {
  location: Location;
  message: string;
  frame: FrameLine[];
}

export interface Fix {
  title: string;
  safety: 'safe' | 'unsafe';
  edits: { start: Position | null; end: Position | null; text: string }[];
}

export interface ReportFinding {
  fingerprint: string;
  rule: string;
  severity: Severity;
  confidence: string;
  category: string;
  state: 'introduced' | 'existing';
  message: string;
  symbol?: string | null;
  location: Location;
  related: Related[];
  measure?: { metric: string; value: number; threshold: number; base?: number | null } | null;
  suppressed?: { by: string; reason?: string | null; until?: string | null } | null;
  fix?: Fix | null;
  frame: FrameLine[];
}

export interface Coverage {
  coverage: 'analysed' | 'partial' | 'skipped';
  analyzers: string[];
  reason?: string;
  detail?: string;
}

export interface DiffPart {
  base: number;
  head: number;
  /** Each line after its sign: a space, `-` or `+`. */
  lines: string[];
}

export interface ReportFile extends Coverage {
  path: string;
  uri: string;
  base_uri?: string;
  status: string;
  language?: string;
  hunks: (Coverage & { base: Lines; head: Lines })[];
  notes: string[];
  diff?: DiffPart[];
  diff_cut?: boolean;
}

export interface Lines {
  start: number;
  count: number;
}

export interface MetricDelta {
  metric: string;
  base?: number | null;
  head?: number | null;
}

export interface Report {
  version: string;
  overview: {
    base: string;
    head: string;
    is_scan: boolean;
    files: number;
    lines_added: number;
    lines_removed: number;
    notes: string[];
  };
  about?: {
    parts: { kind: string; files: number; lines_added: number; lines_removed: number }[];
    risk: number;
    risk_level: string;
    reasons: string[];
    effort: number;
  } | null;
  summary: {
    introduced: Record<Severity, number>;
    existing: number;
    suppressed: number;
    complete: boolean;
  };
  score: { value: number | null; grade: string; parts: { name: string; points: number | null; findings: number }[] };
  gate: { passed: boolean; conditions: { demand: string; actual: string; passed: boolean }[] };
  findings: ReportFinding[];
  rules: {
    id: string;
    title: string;
    summary: string;
    description: string;
    severity: Severity;
    category: string;
    cwe: (number | string)[];
    tags: string[];
  }[];
  ledger: { complete: boolean; hunks: number; files: ReportFile[] };
  metrics: {
    change: MetricDelta[];
    files: {
      path: string;
      language: string;
      metrics: MetricDelta[];
      functions: { name: string; line: number; metrics: MetricDelta[] }[];
    }[];
  };
  packages: { path: string; ecosystem: string; name: string; step: string; before: string[]; after: string[]; direct: boolean }[];
  recommendations: string[];
  problems: { what: string; path?: string | null; message: string }[];
}

export const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Returns whether a finding counts: the change brought it and nothing silences it. */
export function counts(finding: ReportFinding): boolean {
  return finding.state === 'introduced' && !finding.suppressed;
}
