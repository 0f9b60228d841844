/** Name of the input of an exported network. */
export const INPUT_NAME = 'input'
/** Name of its output. */
export const OUTPUT_NAME = 'output'
