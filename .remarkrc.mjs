import remarkGfm from 'remark-gfm';
import remarkValidateLinks from 'remark-validate-links';

/** Every link between our documents, and every heading that one points at, must be there. */
export default {
  plugins: [remarkGfm, [remarkValidateLinks, { repository: 'majordomo-node/majordomo' }]],
};
