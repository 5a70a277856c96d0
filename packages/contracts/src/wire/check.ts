import type { StandardSchemaV1 } from '@standard-schema/spec';
import { pathText, Unfit } from './unfit';

type Segment = PropertyKey | StandardSchemaV1.PathSegment;

const keyOf = (segment: Segment): PropertyKey => (typeof segment === 'object' ? segment.key : segment);

/**
 * What a schema makes of a value.
 * @throws Unfit with what it says against it
 */
export async function check<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
): Promise<StandardSchemaV1.InferOutput<Schema>> {
  let result: StandardSchemaV1.Result<unknown>;
  try {
    const checked = schema['~standard'].validate(value);
    // By what it does: promises of other realms and libraries are no Promise of this one.
    result = 'then' in checked ? await checked : checked;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Unfit.because(`its schema threw an error: ${reason}`, { cause });
  }
  if (!result.issues) return result.value;
  throw new Unfit(
    result.issues.map(({ message, path = [] }) => ({ path: pathText(path.map(keyOf)), message })),
  );
}
