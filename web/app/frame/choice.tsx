export interface ChoiceProps<Value extends string> {
  name: string
  label: string
  values: ReadonlyArray<readonly [value: Value, text: string]>
  chosen: Value
  onChoose (value: Value): void
}

/** One of a few values, side by side. */
export function Choice<Value extends string> ({ name, label, values, chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset class='segments'>
      <legend>{label}</legend>
      {values.map(([value, text]) => (
        <label key={value}>
          <input type='radio' name={name} checked={chosen === value} onChange={() => onChoose(value)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}
